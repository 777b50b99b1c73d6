"""Context: where and when something happens, as far as it changes what people do: regions, calendar, weather."""
