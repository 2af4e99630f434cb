using System.Net;
using System.Text;
using EgressAlerts.Common;

namespace EgressAlerts.Registry;

/// <summary>Asks the Kubernetes API for one kind of Istio's resources. One caller at a time.</summary>
internal sealed class KindApi(ClusterAccess access, string plural)
{
    private const string Group = "networking.istio.io";
    private const int MaxMessage = 64 << 10;

    /// <summary>Istio before 1.22 has no v1.</summary>
    private static readonly string[] Versions = ["v1", "v1beta1"];

    private string? _version;

    /// <summary>The kind as <c>kubectl</c> takes it.</summary>
    public string Name => $"{plural}.{Group}";

    /// <summary>A good answer, of which only the headers were read.</summary>
    /// <param name="verb">The right that is needed: list or watch.</param>
    /// <exception cref="WatchFault">There is no good answer.</exception>
    public async Task<HttpResponseMessage> GetAsync(string verb, string query, CancellationToken cancel)
    {
        foreach (var version in _version is null ? Versions : [_version])
        {
            var response = await SendAsync($"apis/{Group}/{version}/{plural}?{query}", cancel);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                _version = version;
                return response;
            }

            using (response)
            {
                if (response.StatusCode != HttpStatusCode.NotFound) throw await FaultAsync(verb, response, cancel);
            }
        }

        _version = null; // Istio may have been upgraded, so both are asked for again.
        throw new WatchFault(
            WatchEnd.Missing,
            $"The Kubernetes API knows no {Name} in {string.Join(" or ", Versions)} (404). Install Istio, or set telemetry.kubernetes.watch to false.");
    }

    /// <summary>What a status of the API means, in an answer or in an event of a watch.</summary>
    public WatchFault Fault(string verb, int code, string message)
    {
        var said = message.Length > 0 ? $" It says: {QuotedText.Of(message, 300)}." : "";
        return code switch
        {
            401 or 403 => new(
                WatchEnd.Refused,
                $"The Kubernetes API refuses to {verb} {Name} ({code}). Apply deploy/kubernetes/registry-watch, or set telemetry.kubernetes.watch "
                + $"to false.{said}"),
            410 => new(WatchEnd.Gone, $"The Kubernetes API has forgotten the version from which {Name} were watched (410), so they are listed again."),
            429 or >= 500 => new(WatchEnd.Busy, $"The Kubernetes API cannot {verb} {Name} now ({code}).{said}"),
            >= 300 and < 400 => new(WatchEnd.Status, $"{access.Server} answers with a redirect ({code}), which is not followed. Name the API itself."),
            _ => new(WatchEnd.Status, $"The Kubernetes API answers {code} to the request to {verb} {Name}.{said}"),
        };
    }

    private async Task<HttpResponseMessage> SendAsync(string path, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{access.Server.AbsoluteUri.TrimEnd('/')}/{path}"));
        request.Headers.Accept.Add(new("application/json"));
        try
        {
            return await access.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (HttpRequestException e)
        {
            var why = (e.GetBaseException().Message is { Length: > 0 } inner ? inner : e.Message).TrimEnd('.');
            throw e.HttpRequestError switch
            {
                HttpRequestError.UserAuthenticationError => new WatchFault(WatchEnd.Credentials, $"The credentials for {access.Server} cannot be used: {why}."),
                HttpRequestError.SecureConnectionError => new(WatchEnd.Tls, $"The certificate of {access.Server} is not trusted: {why}."),
                _ => new(WatchEnd.Unreachable, $"The Kubernetes API at {access.Server} cannot be reached: {why}."),
            };
        }
    }

    private async Task<WatchFault> FaultAsync(string verb, HttpResponseMessage response, CancellationToken cancel)
    {
        var message = "";
        try
        {
            var body = await BoundedBody.TryReadAsync(response.Content, MaxMessage, cancel) ?? default;
            message = ClusterJson.TryParse(body, out var status) ? ClusterJson.Text(status, "message") : Encoding.UTF8.GetString(body.Span);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // The status alone says enough.
        }

        return Fault(verb, (int)response.StatusCode, message);
    }
}
