using System.Reflection;

namespace EgressAlerts;

/// <summary>The version of this build.</summary>
internal static class ServiceVersion
{
    public static string Text { get; } = typeof(ServiceVersion).Assembly.GetName().Version!.ToString(3);

    /// <summary>Version and, where the build knows it, the commit.</summary>
    public static string Long { get; } =
        typeof(ServiceVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? Text;
}
