"""An imaginary village of group sites, served on loopback for the demo and for tests."""
