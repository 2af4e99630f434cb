using EgressAlerts.Polling;
using EgressAlerts.Web;

namespace EgressAlerts;

/// <summary>What the command line says about serving.</summary>
internal sealed record ServeOptions(
    string? ConfigFile, IListener Listen, RoutePrefix Prefix, string StoragePath, bool EnableLifecycle, string LogLevel, string LogFormat)
{
    /// <summary>The part of the namespaces that this instance watches.</summary>
    public Shard Shard { get; init; } = Shard.Whole;

    /// <summary>The file that says who may reach the web server, and how. Null: everybody may, without TLS.</summary>
    public string? WebConfigFile { get; init; }

    /// <summary>The configuration's name in logs and on pages.</summary>
    public string ConfigName => ConfigFile ?? "(defaults)";

    /// <summary>Where a person on another machine would find the overview, as far as this machine can know.</summary>
    /// <param name="scheme">What the web server speaks: http or https.</param>
    public Uri External(string scheme) => new UriBuilder(new Uri(Listen.External, Prefix.Text + "/")) { Scheme = scheme }.Uri;
}

/// <summary>The service cannot start or go on; the message is one line and says what to do.</summary>
internal sealed class StartException(string message, Exception? cause = null) : Exception(message, cause);
