namespace EgressAlerts.Polling;

/// <summary>What an answer says about itself, beside its series.</summary>
internal sealed class QueryAnswer
{
    public string Status { get; set; } = "";

    public string ResultType { get; set; } = "";

    public string ErrorType { get; set; } = "";

    public string Error { get; set; } = "";

    /// <summary>The first warning, or empty. Thanos sends one where a store did not answer.</summary>
    public string Warning { get; set; } = "";

    /// <summary>VictoriaMetrics' word for an answer of which a storage node's part is missing.</summary>
    public bool IsPartial { get; set; }
}
