namespace EgressAlerts.Export;

/// <summary>The formats that Prometheus scrapes.</summary>
public enum ExpositionFormat
{
    /// <summary>Prometheus' text format 0.0.4.</summary>
    Text,

    /// <summary>OpenMetrics 1.0.</summary>
    OpenMetrics,
}

public static class ExpositionFormats
{
    /// <summary>As Prometheus 3 wants it, which refuses a scrape without a known one.</summary>
    public static string ContentType(this ExpositionFormat format) => format == ExpositionFormat.OpenMetrics
        ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
        : "text/plain; version=0.0.4; charset=utf-8";
}
