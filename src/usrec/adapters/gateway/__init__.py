"""ShEP SyncChannel v10 over https."""
