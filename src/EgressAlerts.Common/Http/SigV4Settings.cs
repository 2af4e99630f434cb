namespace EgressAlerts.Common;

/// <summary>The section <c>sigv4</c> under Prometheus' own names: requests are signed as Amazon's managed Prometheus asks. Empty: they are not.</summary>
/// <remarks>Without a key or a profile, credentials come from where AWS' own programs look: the environment, a service account's role, the instance.</remarks>
public sealed record SigV4Settings : ICheckedOptions
{
    /// <summary>Such as <c>eu-central-1</c>.</summary>
    public string Region { get; init; } = "";

    public string AccessKey { get; init; } = "";

    [SecretText]
    public string SecretKey { get; init; } = "";

    /// <summary>A profile of AWS' own configuration files.</summary>
    public string Profile { get; init; } = "";

    /// <summary>A role to assume with these credentials.</summary>
    public string RoleArn { get; init; } = "";

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven)
    {
        if (!Region.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')) yield return ("region", "is no region such as eu-central-1");
        if (AccessKey.Length > 0 != SecretKey.Length > 0) yield return (AccessKey.Length > 0 ? "secret_key" : "access_key", "is missing");
        if (AccessKey.Length > 0 && Profile.Length > 0) yield return ("profile", "cannot stand beside access_key: keep one of them");
    }
}
