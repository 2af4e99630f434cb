using System.Text;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using YamlDotNet.RepresentationModel;

namespace EgressAlerts.Decisions;

/// <summary>Appends entries to a file of policies, or renews an entry that is there. All other bytes of the file stay as they are.</summary>
internal static class AllowFile
{
    /// <summary>The keys of an entry that a second decision about the same alert replaces.</summary>
    private static readonly string[] Renewed = ["reason", "owner", "until"];

    /// <summary>Writes an entry. The file is replaced as a whole, so nobody ever reads half of it.</summary>
    /// <returns>Whether an entry of the name was there and has been renewed.</returns>
    /// <exception cref="InvalidDataException">The file cannot be used or written. It has not been changed.</exception>
    public static bool Write(string file, AllowEntry entry)
    {
        try
        {
            var path = new FileInfo(file) is { Exists: true } found && found.ResolveLinkTarget(returnFinalTarget: true) is { } target
                ? target.FullName
                : Path.GetFullPath(file);
            var before = File.Exists(path) ? PolicyFile.Read(path) : [];
            var bytes = File.Exists(path) ? File.ReadAllBytes(path) : [];
            var isThere = before.Any(policy => policy.Name == entry.Name);
            Replace(path, isThere ? Renew(file, bytes, entry) : Append(path, bytes, entry), written => Check(file, before, written, entry));
            return isThere;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InvalidDataException($"{file} cannot be written: {e.Message}", e);
        }
    }

    private static byte[] Append(string path, byte[] bytes, AllowEntry entry)
    {
        var indent = new string(' ', bytes.Length == 0 ? 0 : IndentOf(path));
        var text = (bytes.Length > 0 && bytes[^1] != (byte)'\n' ? "\n" : "") + string.Concat(entry.Lines.Select(line => $"{indent}{line}\n"));
        return [.. bytes, .. Encoding.UTF8.GetBytes(text)];
    }

    /// <summary>How far the dashes of the list are indented.</summary>
    private static int IndentOf(string path)
    {
        var list = YamlFile.Read(path) switch
        {
            YamlSequenceNode root => root,
            YamlMappingNode root => root.Children.Values.OfType<YamlSequenceNode>().FirstOrDefault(),
            _ => null,
        };
        return list is null or { Children.Count: 0 } ? 0 : (int)Math.Max(0, list.Children[0].Start.Column - 3);
    }

    /// <summary>Replaces the lines of an entry that say why, who and until when. Other lines may have been changed by a person.</summary>
    private static byte[] Renew(string file, byte[] bytes, AllowEntry entry)
    {
        var lines = Encoding.UTF8.GetString(bytes).Split('\n').ToList();
        var first = lines.FindIndex(line => line.Trim() == entry.Lines[0]);
        if (first < 0) throw new InvalidDataException($"{file} has an entry {entry.Name} already, in another form: set its 'until' there by hand");
        var indent = lines[first].Length - lines[first].TrimStart().Length;
        var end = lines.FindIndex(first + 1, line => line.Trim().Length > 0 && line.Length - line.TrimStart().Length <= indent);
        if (end < 0) end = lines.Count;
        foreach (var key in Renewed)
        {
            var wanted = entry.Lines.FirstOrDefault(line => line.StartsWith($"  {key}: ", StringComparison.Ordinal));
            var at = lines.FindIndex(first, end - first, line => line.TrimStart().StartsWith($"{key}: ", StringComparison.Ordinal));
            if (wanted is null) continue;
            var line = new string(' ', indent) + wanted + (lines[first].EndsWith('\r') ? "\r" : "");
            if (at >= 0) lines[at] = line;
            else
            {
                lines.Insert(first + 1, line);
                end++;
            }
        }

        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    /// <summary>What is written is read back before it takes the place of the file.</summary>
    private static void Check(string file, IReadOnlyList<Policy> before, string written, AllowEntry entry)
    {
        IReadOnlyList<Policy> after;
        try
        {
            after = PolicyFile.Read(written);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{file} is no plain list of entries, so that none can be appended: put the entry there by hand ({e.Message})", e);
        }

        var names = before.Select(policy => policy.Name).Append(entry.Name).Distinct();
        if (!after.Select(policy => policy.Name).SequenceEqual(names))
            throw new InvalidDataException($"{file} is no plain list of entries, so that none can be appended: put the entry there by hand");
    }

    private static void Replace(string path, byte[] bytes, Action<string> check)
    {
        var beside = $"{path}.{Environment.ProcessId}.new";
        try
        {
            using (var stream = new FileStream(beside, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }

            if (File.Exists(path) && !OperatingSystem.IsWindows()) File.SetUnixFileMode(beside, File.GetUnixFileMode(path));
            check(beside);
            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }
}
