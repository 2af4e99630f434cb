namespace EgressAlerts.Naming;

/// <summary>Says of a MaxMind database when its data were collected, which its file's time need not show.</summary>
public static class GeoFile
{
    /// <exception cref="InvalidDataException">The file is no such database.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static DateTimeOffset Built(string file)
    {
        using var database = new GeoDatabase(file);
        return database.Built;
    }
}
