using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.Runtime.Credentials;
using Amazon.Runtime.Signing;

namespace EgressAlerts.Common;

/// <summary>Signs requests with AWS Signature Version 4, for Amazon's managed Prometheus. Any thread.</summary>
internal sealed class SigV4Handler(SigV4Settings settings, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>What Amazon calls its managed Prometheus in signatures.</summary>
    private const string Service = "aps";

    private readonly Lock _lock = new();
    private AWSSigV4Parameters? _parameters;

    /// <exception cref="HttpRequestException">There are no credentials; its error is <see cref="HttpRequestError.UserAuthenticationError"/>.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var content = request.Content is { } body ? await body.ReadAsByteArrayAsync(cancellationToken) : null;
        var unsigned = new AWSSigningRequest { HttpMethod = request.Method, RequestUri = request.RequestUri, Content = content };
        foreach (var (name, value) in await SignAsync(unsigned, cancellationToken))
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await base.SendAsync(request, cancellationToken);
    }

    private async Task<IDictionary<string, string>> SignAsync(AWSSigningRequest request, CancellationToken cancel)
    {
        try
        {
            return (await AWSSigV4Signer.SignAsync(request, Parameters(), cancel)).Headers;
        }
        catch (Exception e) when (e is AmazonClientException or AmazonServiceException or ArgumentException or HttpRequestException or IOException)
        {
            throw new HttpRequestException(HttpRequestError.UserAuthenticationError, $"sigv4: there are no credentials to sign with: {e.Message}");
        }
    }

    /// <summary>Made with the first request, because AWS' own files may come later than the start.</summary>
    private AWSSigV4Parameters Parameters()
    {
        lock (_lock)
        {
            return _parameters ??= new() { Credentials = Credentials(), Region = RegionEndpoint.GetBySystemName(settings.Region), Service = Service };
        }
    }

    private AWSCredentials Credentials()
    {
        var own = settings.AccessKey.Length > 0 ? new BasicAWSCredentials(settings.AccessKey, settings.SecretKey)
            : settings.Profile.Length == 0 ? DefaultAWSCredentialsIdentityResolver.GetCredentials()
            : new CredentialProfileStoreChain().TryGetAWSCredentials(settings.Profile, out var profile) ? profile
            : throw new AmazonClientException($"AWS' files have no profile {settings.Profile}");
        return settings.RoleArn.Length == 0 ? own : new AssumeRoleAWSCredentials(own, settings.RoleArn, "egress-alerts");
    }
}
