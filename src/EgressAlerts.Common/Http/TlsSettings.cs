namespace EgressAlerts.Common;

/// <summary>The section <c>tls_config</c> under Prometheus' own names. An empty text means that it is not set.</summary>
public sealed record TlsSettings : ICheckedOptions
{
    /// <summary>PEM: the only authorities whose server certificates are taken. Empty: the system's.</summary>
    [ExistingFile]
    public string CaFile { get; init; } = "";

    /// <summary>PEM: the client's certificate, then those that lead from it to the root.</summary>
    [ExistingFile]
    public string CertFile { get; init; } = "";

    /// <summary>PEM: the key of <see cref="CertFile"/>. Empty: the key stands in that file.</summary>
    [ExistingFile]
    public string KeyFile { get; init; } = "";

    /// <summary>The name that a server is asked for and that its certificate must have. Empty: the one in the URL.</summary>
    public string ServerName { get; init; } = "";

    /// <summary>Takes any certificate of any server.</summary>
    public bool InsecureSkipVerify { get; init; }

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven)
    {
        if (KeyFile.Length > 0 && !isGiven("cert_file")) yield return ("key_file", "stands alone: name its certificate in cert_file");
        if (CaFile.Length > 0 && UsableFile.Fault(() => TlsFiles.Authorities(CaFile)) is { } ca) yield return ("ca_file", ca);
        if (CertFile.Length > 0 && UsableFile.Fault(() => TlsFiles.ClientCertificate(CertFile, KeyFile)) is { } cert)
            yield return ("cert_file", cert);
    }
}
