"""Confirmations, digests and alerts, by SMTP. The only room that knows SMTP."""
