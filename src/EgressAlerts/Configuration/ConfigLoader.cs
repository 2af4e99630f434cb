using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Registry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Configuration;

/// <summary>Reads and checks a configuration file. Every error is found at once, with its line.</summary>
internal static class ConfigLoader
{
    /// <param name="file">Null for the defaults.</param>
    /// <exception cref="ConfigException">The file cannot be read or holds errors.</exception>
    public static Settings Load(string? file) => file is null ? new() : new OptionsBinder(file).Read(new Settings()).Completed();

    /// <summary>As <see cref="Load"/>, and secret files have to be there too.</summary>
    /// <exception cref="ConfigException">The file cannot be read or holds errors.</exception>
    public static void Check(string file) => new OptionsBinder(file, needsSecretFiles: true).Read(new Settings());

    /// <summary>The access to the Kubernetes API that the configuration names. It is made for each pass, because its files may have gone since.</summary>
    /// <exception cref="ConfigException">There is none.</exception>
    public static ClusterAccess Access(KubernetesOptions options, ILogger logger)
    {
        try
        {
            return ClusterAccess.Open(options, logger);
        }
        catch (InvalidDataException e)
        {
            throw new ConfigException([new("the configuration", 0, $"telemetry.kubernetes.watch is true, but {e.Message}")]);
        }
    }

    /// <summary>Looks for what is no error, but cannot mean what it says.</summary>
    /// <returns>A line for each, with the file and what to do.</returns>
    /// <exception cref="ConfigException">The file cannot be read or holds errors.</exception>
    public static IReadOnlyList<string> Warnings(string file, DateTimeOffset now)
    {
        var settings = Load(file);
        IReadOnlyList<Policy> policies = [.. settings.Detection.Policies, .. settings.PolicyFiles.SelectMany(PolicyFile.Expand).SelectMany(PolicyFile.Read)];
        var networks = settings.Destinations.Networks.Select(network => network.Name).ToHashSet();
        return
        [
            .. ClusterWarnings(settings.Registry.Kubernetes).Select(found => $"{file}: {found}"),
            .. PolicyWarnings.Find(policies, networks, settings.Dns.Confirm, now)
                .Select(found => $"{(found.Policy.File.Length > 0 ? found.Policy.File : file)}: policy {found.Policy.Name} {found.Complaint}"),
        ];
    }

    /// <summary>Only the pod has the token, and a configuration is often checked elsewhere. So this is no error before the service starts.</summary>
    private static IEnumerable<string> ClusterWarnings(KubernetesOptions options)
    {
        if (options.Watch && UsableFile.Fault(() => ClusterAccess.Open(options, NullLogger.Instance).Http.Dispose()) is { } fault)
            yield return $"telemetry.kubernetes {fault}";
    }
}
