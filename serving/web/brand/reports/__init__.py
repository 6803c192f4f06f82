"""The pages of a brand's reports."""
