using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Tests.Model;

public sealed class RetryAfterTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("0", 0)]
    [InlineData("3", 3)]
    [InlineData("3600", 10)]
    [InlineData("Thu, 01 Jan 2026 12:00:04 GMT", 4)]
    [InlineData("Thu, 01 Jan 2026 11:00:00 GMT", 0)]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT", 10)]
    [InlineData("-5", null)]
    [InlineData("99999999999", null)]
    [InlineData("tomorrow", null)]
    [InlineData(null, null)]
    public void A_server_that_names_a_wait_gets_it_up_to_the_longest_that_is_granted(string? header, int? seconds)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        if (header is not null) response.Headers.TryAddWithoutValidation("Retry-After", header);
        Assert.Equal(seconds is { } wait ? TimeSpan.FromSeconds(wait) : null, RetryAfter.Of(response, TimeSpan.FromSeconds(10), Now));
    }
}
