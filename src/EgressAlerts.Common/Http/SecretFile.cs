namespace EgressAlerts.Common;

/// <summary>Reads files that hold one secret.</summary>
internal static class SecretFile
{
    /// <summary>The value, or else what the file holds without white space around it, as Prometheus reads it.</summary>
    public static async Task<string> ReadAsync(string value, string key, string file, Func<string, bool> isGood, CancellationToken cancel)
    {
        if (file.Length == 0) return value;
        if (Directory.Exists(file)) throw Unusable(key, $"'{file}' is a directory");
        try
        {
            var secret = (await File.ReadAllTextAsync(file, cancel)).Trim();
            if (secret.Length == 0) throw Unusable(key, $"'{file}' is empty");
            return isGood(secret) ? secret : throw Unusable(key, $"'{file}' must hold one line without control characters");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(key, e.Message);
        }
    }

    private static HttpRequestException Unusable(string key, string why) => new(HttpRequestError.UserAuthenticationError, $"{key} cannot be read: {why}");
}
