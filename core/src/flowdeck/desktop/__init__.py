"""The window. The only place that imports Qt; everything that it shows, `flowdeck.chart` decides."""
