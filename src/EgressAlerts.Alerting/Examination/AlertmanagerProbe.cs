using System.Net;
using System.Text.Json;
using EgressAlerts.Common;
using EgressAlerts.Model;
using Refit;

namespace EgressAlerts.Alerting;

/// <summary>Asks one Alertmanager how it is. Any thread.</summary>
/// <param name="http">A client that has the settings of the Alertmanager.</param>
internal sealed class AlertmanagerProbe(Uri url, HttpClient http, TimeProvider time)
{
    /// <summary>The answer holds the whole configuration of the Alertmanager.</summary>
    private const int MaxBytes = 4 << 20;

    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(8);

    private readonly string _name = url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    public async Task<AlertmanagerAnswered> AskAsync(CancellationToken cancel)
    {
        var api = RestService.ForGenerated<IAlertmanagerApi>(http, new RefitSettings { TransportExceptionFactory = (_, e, _) => e });
        using var late = new CancellationTokenSource(MaxTime, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            using var response = await api.ReadStatusAsync(new Uri(_name.TrimEnd('/') + "/api/v2/status"), limit.Token);
            if (await AlertmanagerAnswer.JudgeAsync(response, time.GetUtcNow(), limit.Token) is { } failure)
                return Failed($"{failure.Reason.LabelValue()}: {failure.Message}", Remedy(response.StatusCode));
            return Read(await BoundedBody.TryReadAsync(response.Content, MaxBytes, limit.Token) ?? throw new JsonException("the answer is too large"));
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.UserAuthenticationError)
        {
            return Failed(e.Message, "make the file readable for the service"); // The message names the file.
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            var isTls = e is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError };
            return Failed($"connection: {(e.InnerException ?? e).Message}", isTls ? Entry("tls_config: {ca_file: /etc/egress-alerts/ca.crt}") : Entry(""));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Failed($"timeout: no answer within {DurationText.Rounded(MaxTime)}", Entry(""));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Failed("the answer is not what an Alertmanager sends", Entry("path_prefix, if it is discovered"));
        }
    }

    private AlertmanagerAnswered Read(ReadOnlyMemory<byte> body)
    {
        using var json = JsonDocument.Parse(body);
        var (root, cluster) = (json.RootElement, json.RootElement.GetProperty("cluster"));
        var peers = cluster.TryGetProperty("peers", out var list) && list.ValueKind == JsonValueKind.Array ? list.GetArrayLength() : 0;
        var version = root.GetProperty("versionInfo").GetProperty("version").GetString();
        return new(_name, QuotedText.Of(version ?? "", 40), QuotedText.Of(cluster.GetProperty("status").GetString() ?? "", 40), peers, "", "");
    }

    private string Remedy(HttpStatusCode status) => (int)status switch
    {
        401 or 403 => Entry("authorization: {credentials_file: /etc/egress-alerts/token}"),
        404 or 405 or (>= 200 and < 400) =>
            $"alerting: {{alertmanagers: [{{url: '{url.Scheme}://{url.Authority}/PREFIX'}}]}}, the prefix of --web.route-prefix",
        _ => $"curl '{_name.TrimEnd('/')}/api/v2/status' shows the answer",
    };

    private string Entry(string more) => more.Length > 0
        ? $"alerting: {{alertmanagers: [{{url: '{_name}', {more}}}]}}"
        : $"alerting: {{alertmanagers: [{{url: 'http://HOST:9093'}}]}}: nothing answers on {url.Authority}, or a NetworkPolicy keeps it away";

    private AlertmanagerAnswered Failed(string why, string remedy) => new(_name, "", "", 0, why, remedy);
}

/// <summary>How an Alertmanager is.</summary>
/// <param name="Cluster"><c>ready</c>, <c>settling</c> or <c>disabled</c>.</param>
/// <param name="Peers">How many Alertmanagers it knows, itself included.</param>
/// <param name="Failure">Why it does not tell; empty where it does.</param>
internal sealed record AlertmanagerAnswered(string Name, string Version, string Cluster, int Peers, string Failure, string Remedy);
