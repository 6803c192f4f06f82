"""Brands: register, enrolment, certification, counterfeit indicators, price lists, messages."""
