using Refit;

namespace EgressAlerts.Polling;

/// <summary>The part of Prometheus' HTTP API that is used. The generated client is safe on any thread.</summary>
/// <remarks>Every status comes back as an answer. Its body has not been read yet: the caller decodes it while it arrives, and disposes of it.</remarks>
internal interface IPrometheusApi
{
    /// <param name="endpoint">The whole address of <c>/api/v1/query</c>. Its query arguments are sent too.</param>
    [Post("")]
    Task<HttpResponseMessage> QueryAsync([Url] Uri endpoint, [Body(BodySerializationMethod.UrlEncoded)] InstantQuery query, CancellationToken cancel);

    /// <inheritdoc cref="QueryAsync"/>
    [Get("")]
    Task<HttpResponseMessage> QueryByGetAsync([Url] Uri endpoint, [Query] InstantQuery query, CancellationToken cancel);

    /// <param name="endpoint">The whole address of <c>/api/v1/query_range</c>. Its query arguments are sent too.</param>
    [Post("")]
    Task<HttpResponseMessage> QueryRangeAsync([Url] Uri endpoint, [Body(BodySerializationMethod.UrlEncoded)] RangeQuery query, CancellationToken cancel);

    /// <inheritdoc cref="QueryRangeAsync"/>
    [Get("")]
    Task<HttpResponseMessage> QueryRangeByGetAsync([Url] Uri endpoint, [Query] RangeQuery query, CancellationToken cancel);

    /// <summary>Reads what the server says of itself.</summary>
    /// <param name="page">A whole address, such as that of <c>/api/v1/status/buildinfo</c>.</param>
    [Get("")]
    Task<HttpResponseMessage> ReadAsync([Url] Uri page, CancellationToken cancel);
}

/// <summary>The arguments of a query over a range of time, in seconds. One that is null is not sent.</summary>
internal sealed record RangeQuery(
    [property: AliasAs("query")] string Query,
    [property: AliasAs("start")] string Start,
    [property: AliasAs("end")] string End,
    [property: AliasAs("step")] string Step,
    [property: AliasAs("partial_response")] string? PartialResponse = null,
    [property: AliasAs("deny_partial_response")] string? DenyPartialResponse = null);

/// <summary>The arguments of a query at one instant. One that is null is not sent.</summary>
/// <param name="Time">Seconds since 1970, with up to three decimals.</param>
/// <param name="PartialResponse">Thanos' word for whether an answer may lack what a store has.</param>
/// <param name="DenyPartialResponse">The same of VictoriaMetrics, the other way round.</param>
internal sealed record InstantQuery(
    [property: AliasAs("query")] string Query,
    [property: AliasAs("time")] string Time,
    [property: AliasAs("partial_response")] string? PartialResponse,
    [property: AliasAs("deny_partial_response")] string? DenyPartialResponse);
