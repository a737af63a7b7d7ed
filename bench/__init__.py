"""What a relayed round trip costs here, over a bare relay and over nginx. `make bench` runs it."""
