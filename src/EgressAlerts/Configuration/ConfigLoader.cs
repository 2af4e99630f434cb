using EgressAlerts.Common;

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
}
