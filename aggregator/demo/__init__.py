"""An imaginary village of group sites, served on loopback."""
