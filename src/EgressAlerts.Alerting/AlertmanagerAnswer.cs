using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Alerting;

/// <summary>Tells whether an answer means that the alerts were taken, and what to do if not.</summary>
internal static class AlertmanagerAnswer
{
    private const int QuotedCharacters = 300;

    /// <summary>Null where the alerts were taken: the status is 2xx and the body is no page for people.
    /// A proxy's login page has status 200 too.</summary>
    public static async Task<DeliveryFailure?> JudgeAsync(HttpResponseMessage response, DateTimeOffset now, CancellationToken cancel)
    {
        var status = $"status {(int)response.StatusCode}";
        if ((int)response.StatusCode is >= 300 and < 400)
        {
            return new(
                DeliveryFailureReason.Redirect,
                $"{status}, a redirect{Target(response)}: that is a login page, or the address that alertmanagers.url should have");
        }

        if (response.IsSuccessStatusCode && !IsHtml(response)) return null;
        var head = await HeadAsync(response, cancel);
        return response.StatusCode switch
        {
            _ when response.IsSuccessStatusCode => new(
                DeliveryFailureReason.Html,
                $"{status}, answered with HTML: is alertmanagers.url an Alertmanager, with the right path prefix? The answer begins with '{head}'"),
            // These three say that one of the alerts is wrong, or that there are too many of them.
            HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity => new(
                DeliveryFailureReason.Refused, $"{status}: {head}"),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new(
                DeliveryFailureReason.Status, $"{status}: {head}: set basic_auth or authorization for this Alertmanager, or correct it"),
            HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed => new(
                DeliveryFailureReason.Status,
                $"{status}: {head}: is it an Alertmanager, and is the path prefix right (in alertmanagers.url, or path_prefix)?"),
            var other => new(
                DeliveryFailureReason.Status,
                $"{status}: {head}",
                CanRetry: other == HttpStatusCode.TooManyRequests || (int)other >= 500,
                RetryAfter.Of(response, AlertmanagerClient.RequestTimeout, now)),
        };
    }

    /// <summary>Also where the header is so wrong that it cannot be parsed.</summary>
    private static bool IsHtml(HttpResponseMessage response) =>
        response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type)
        && type.ToString().Contains("html", StringComparison.OrdinalIgnoreCase);

    /// <summary>Where to, without query arguments: a login page's often hold tokens.</summary>
    private static string Target(HttpResponseMessage response)
    {
        return response.Headers.Location is { } location && response.RequestMessage?.RequestUri is { } asked && Uri.TryCreate(asked, location, out var target)
            ? $" to {QuotedText.Of(target.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped), QuotedCharacters)}"
            : "";
    }

    private static async Task<string> HeadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var buffer = new char[QuotedCharacters];
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
        return QuotedText.Of(new string(buffer, 0, await reader.ReadBlockAsync(buffer, cancel)), QuotedCharacters);
    }
}
