"""Reports of brands: listings that a brand finds and reports itself."""
