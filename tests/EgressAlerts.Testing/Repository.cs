namespace EgressAlerts.Testing;

/// <summary>The checkout that the tests were built from, for tests of the files that users take from it.</summary>
public static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string File(params string[] path) => Path.Combine([Root, .. path]);

    private static string Find(string folder) => System.IO.File.Exists(Path.Combine(folder, "EgressAlerts.sln"))
        ? folder
        : Find(Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("EgressAlerts.sln"));
}
