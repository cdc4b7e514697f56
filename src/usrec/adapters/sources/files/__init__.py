"""Files of events that HR exports: CSV, Excel and JSON lines, read strictly and told helpfully."""
