"""Binance spot and USD-M market data, live and from captures."""
