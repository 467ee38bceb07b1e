"""What docs/check_site.py asks of a built site, in a real headless browser."""
