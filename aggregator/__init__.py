"""Fil commun: citizen news of the Paris metropolis, collected, tagged, indexed, shared."""
