"""Sellers: contacts, links, lists, strikes, sanctions and risk."""
