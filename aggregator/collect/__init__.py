"""Due sources, fetched through the one guarded fetcher. The only room that knows Scrapy."""
