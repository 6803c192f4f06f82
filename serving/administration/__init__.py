"""Provisioning of marketplaces, people, brands, keys and endpoints; joining and leaving."""
