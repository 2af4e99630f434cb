using System.Security.Cryptography;
using System.Text;
using EgressAlerts.Common;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>The section <c>sigv4</c> against a server that works each signature out for itself, by the steps that AWS documents.</summary>
public sealed class SigV4Tests : IAsyncLifetime
{
    private const string Key = "AKIDEXAMPLE";
    private const string Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    private LoopbackServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await LoopbackServer.StartAsync();
        _server.Answer = async context => await context.Response.WriteAsync(await FaultOfAsync(context.Request) ?? "signed");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_query_that_is_posted_is_signed_with_its_body()
    {
        using var http = Client(new() { Region = "eu-central-1", AccessKey = Key, SecretKey = Secret });
        using var body = new FormUrlEncodedContent([new("query", "sum by (x) (rate(a_total{b=~\"c|d\"}[5m]))"), new("time", "1767225600.5")]);
        using var answer = await http.PostAsync(new Uri(_server.Address, "workspaces/ws-1/api/v1/query"), body);
        Assert.Equal("signed", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_query_in_the_address_is_signed()
    {
        using var http = Client(new() { Region = "eu-central-1", AccessKey = Key, SecretKey = Secret });
        Assert.Equal("signed", await http.GetStringAsync(new Uri(_server.Address, "workspaces/ws-1/api/v1/query?time=1&query=up%7Ba%3D%22b%20c%22%7D")));
    }

    [Fact]
    public async Task Another_secret_makes_another_signature()
    {
        using var http = Client(new() { Region = "eu-central-1", AccessKey = Key, SecretKey = "another" });
        Assert.StartsWith("the signature is ", await http.GetStringAsync(new Uri(_server.Address, "api/v1/query")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_profile_that_does_not_exist_is_told()
    {
        using var http = Client(new() { Region = "eu-central-1", Profile = "no-such-profile" });
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync(_server.Address));
        Assert.Equal(HttpRequestError.UserAuthenticationError, failure.HttpRequestError);
        Assert.Equal("sigv4: there are no credentials to sign with: AWS' files have no profile no-such-profile", failure.Message);
    }

    private static HttpClient Client(SigV4Settings settings) => HttpClients.Create(new() { SigV4 = settings }, NullLogger.Instance);

    /// <summary>Null where a request is signed as it should be.</summary>
    private static async Task<string?> FaultOfAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        var hash = Hex(SHA256.HashData(body.ToArray()));
        var parts = $"{request.Headers.Authorization}".Split(["AWS4-HMAC-SHA256 Credential=", ", SignedHeaders=", ", Signature="], StringSplitOptions.None);
        if (parts.Length != 4) return $"no signature: {request.Headers.Authorization}";
        var (time, scope, signed) = ($"{request.Headers["X-Amz-Date"]}", parts[1].Split('/', 2)[1], parts[2]);
        if (scope != $"{time[..8]}/eu-central-1/aps/aws4_request") return $"the scope is {scope}";
        var arguments = request.Query.Select(one => $"{Uri.EscapeDataString(one.Key)}={Uri.EscapeDataString(one.Value!)}");
        var query = string.Join('&', arguments.Order(StringComparer.Ordinal));
        var headers = string.Concat(signed.Split(';').Select(name => $"{name}:{$"{request.Headers[name]}".Trim()}\n"));
        var canonical = $"{request.Method}\n{new Uri(request.GetEncodedUrl()).AbsolutePath}\n{query}\n{headers}\n{signed}\n{hash}";
        var text = $"AWS4-HMAC-SHA256\n{time}\n{scope}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = scope.Split('/').Aggregate(Encoding.UTF8.GetBytes($"AWS4{Secret}"), (key, part) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part)));
        var expected = Hex(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
        return parts[3] == expected ? null : $"the signature is {parts[3]} and should be {expected} for\n{canonical}";
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
