using System.Globalization;
using System.Net;
using Refit;

namespace EgressAlerts.Polling;

/// <summary>Sends queries to one server, and knows how that server takes them. Any thread.</summary>
internal sealed class QuerySender
{
    private readonly IPrometheusApi _api;
    private readonly Uri _endpoint;
    private readonly Uri _rangeEndpoint;
    private readonly Uri _server;
    private volatile bool _useGet;

    public QuerySender(HttpClient http, Uri server)
    {
        // Refit would wrap every exception in one of its own.
        _api = RestService.ForGenerated<IPrometheusApi>(http, new RefitSettings { TransportExceptionFactory = (_, e, _) => e });
        _server = server;
        _endpoint = new UriBuilder(server) { Path = server.AbsolutePath.TrimEnd('/') + "/api/v1/query" }.Uri;
        _rangeEndpoint = new UriBuilder(_endpoint) { Path = _endpoint.AbsolutePath + "_range" }.Uri;
    }

    public Task<HttpResponseMessage> SendAsync(InstantQuery query, CancellationToken cancel) =>
        SendAsync(() => _api.QueryAsync(_endpoint, query, cancel), () => _api.QueryByGetAsync(_endpoint, query, cancel));

    public Task<HttpResponseMessage> SendAsync(RangeQuery query, CancellationToken cancel) =>
        SendAsync(() => _api.QueryRangeAsync(_rangeEndpoint, query, cancel), () => _api.QueryRangeByGetAsync(_rangeEndpoint, query, cancel));

    /// <summary>Asks for the values that a label has on the series of a selector.</summary>
    public Task<HttpResponseMessage> ValuesAsync(string label, string selector, DateTimeOffset start, DateTimeOffset end, CancellationToken cancel)
    {
        var arguments = $"match[]={Uri.EscapeDataString(selector)}&start={Seconds(start)}&end={Seconds(end)}";
        var page = new UriBuilder(_server)
        {
            Path = $"{_server.AbsolutePath.TrimEnd('/')}/api/v1/label/{label}/values",
            Query = _server.Query.Length > 1 ? $"{_server.Query}&{arguments}" : arguments,
        };
        return _api.ReadAsync(page.Uri, cancel);
    }

    /// <summary>An instant as the query API takes it: seconds since 1970, with up to three decimals.</summary>
    public static string Seconds(DateTimeOffset at) => (at.ToUnixTimeMilliseconds() / 1000m).ToString(CultureInfo.InvariantCulture);

    /// <summary>A step as the query API takes it.</summary>
    public static string Seconds(TimeSpan step) => step.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>As Prometheus' own client does: some proxies let only GET through.</summary>
    private async Task<HttpResponseMessage> SendAsync(Func<Task<HttpResponseMessage>> post, Func<Task<HttpResponseMessage>> get)
    {
        if (!_useGet)
        {
            var response = await post();
            if (response.StatusCode is not (HttpStatusCode.Forbidden or HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented)) return response;
            response.Dispose();
        }

        var answer = await get();
        _useGet = answer.IsSuccessStatusCode; // A server that refuses GET as well may only want other credentials.
        return answer;
    }
}
