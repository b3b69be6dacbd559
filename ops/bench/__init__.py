"""How fast the product is on generated provinces, against baselines taken in the same run (docs/adr/0027)."""
