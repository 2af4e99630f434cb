using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using EgressAlerts.Alerting;
using EgressAlerts.Common;
using EgressAlerts.Storage;

namespace EgressAlerts.Decisions;

/// <summary>Finds an alert by its fingerprint: in the database, or at a running service.</summary>
internal static class AlertLookup
{
    private const int MaxAnswer = 4 << 20;
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);

    public static bool IsFingerprint(string text) => text.Length == 16 && text.All(char.IsAsciiHexDigitLower);

    /// <exception cref="InvalidDataException">There is none. The message says what to do.</exception>
    public static Alert InDatabase(string folder, string fingerprint)
    {
        var file = Path.Combine(folder, Store.FileName);
        if (!File.Exists(file))
        {
            throw new InvalidDataException(
                $"there is no database {file}: name its folder by --storage.path, or ask the running service by --url=http://host:10098");
        }

        return AlertBook.Find(new CommittedRows(folder), fingerprint) ?? throw new InvalidDataException(
            $"{file} has no alert {fingerprint}, or cannot be read. Alerts are kept for alerting.history after they resolved, and those held back are "
            + "not there: ask the running service by --url");
    }

    /// <param name="client">For this question alone. It gets a limit of time and of size.</param>
    /// <exception cref="InvalidDataException">There is no such alert, or the service does not answer as it should.</exception>
    public static async Task<Alert> AtServiceAsync(Uri service, string fingerprint, HttpClient client, CancellationToken cancel)
    {
        var url = new Uri($"{service.AbsoluteUri.TrimEnd('/')}/api/v1/alerts/{fingerprint}");
        (client.Timeout, client.MaxResponseContentBufferSize) = (MaxWait, MaxAnswer);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, HttpText.WithoutCredentials(url));
            if (url.UserInfo.Length > 0) request.Headers.Authorization = Basic(url);
            using var answer = await client.SendAsync(request, cancel);
            if (answer.StatusCode == HttpStatusCode.Unauthorized)
            {
                throw new InvalidDataException(
                    $"{HttpText.Printable(url.AbsoluteUri)} asks for a user name and a password: write --url=https://USER:PASSWORD@HOST:10098, "
                    + "or basic_auth into --http.config.file");
            }

            if (answer.StatusCode == HttpStatusCode.NotFound)
                throw new InvalidDataException($"{HttpText.Printable(url.AbsoluteUri)} knows no such alert");
            answer.EnsureSuccessStatusCode();
            using var json = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancel));
            return Read(json.RootElement[0], fingerprint);
        }
        catch (Exception e) when (IsBadAnswer(e) && !cancel.IsCancellationRequested)
        {
            var advice = e is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
                ? "name its CA, and your certificate if it asks for one, in tls_config of --http.config.file"
                : "is --url that of EgressAlerts?";
            throw new InvalidDataException(
                $"{HttpText.Printable(url.AbsoluteUri)} does not tell the alert ({e.GetBaseException().Message.TrimEnd('.')}): {advice}", e);
        }
    }

    private static AuthenticationHeaderValue Basic(Uri url)
    {
        var (username, password) = HttpText.Credentials(url);
        return new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}")));
    }

    private static bool IsBadAnswer(Exception e) =>
        e is HttpRequestException or OperationCanceledException or JsonException or InvalidOperationException or KeyNotFoundException or FormatException
            or IndexOutOfRangeException;

    private static Alert Read(JsonElement alert, string fingerprint) => new(
        fingerprint, Texts(alert.GetProperty("labels")), Texts(alert.GetProperty("annotations")), alert.GetProperty("starts_at").GetDateTimeOffset(), null, "");

    private static Dictionary<string, string> Texts(JsonElement texts) =>
        texts.EnumerateObject().ToDictionary(text => text.Name, text => text.Value.GetString() ?? "", StringComparer.Ordinal);
}
