namespace EgressAlerts.Proposals;

/// <summary>Writes a proposal into a folder: files of YAML for each namespace, and <c>decide.txt</c> for people.</summary>
internal static class ProposalFolder
{
    /// <param name="output">Is told of each file.</param>
    /// <exception cref="StartException">A file cannot be written.</exception>
    public static void Write(string folder, Proposal proposal, TextWriter output)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var files = ProposalYaml.Files(proposal);
            foreach (var (name, text) in files) Write(Path.Combine(folder, name), text, output);
            Write(Path.Combine(folder, "decide.txt"), string.Join('\n', ProposalYaml.Head(proposal)) + "\n", output);
            var written = files.Select(file => file.Name).ToHashSet();
            var others = Directory.EnumerateFiles(folder, "*.yaml").Where(file => !written.Contains(Path.GetFileName(file)));
            foreach (var other in others.Order(StringComparer.Ordinal))
                output.WriteLine($"{other}: not part of this proposal, and left as it is");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new StartException($"-o {folder}: cannot be written: {e.Message}", e);
        }
    }

    /// <summary>A file is whole or not there, because it is written beside and renamed.</summary>
    private static void Write(string path, string text, TextWriter output)
    {
        var beside = path + ".new";
        File.WriteAllText(beside, text);
        File.Move(beside, path, overwrite: true);
        output.WriteLine($"{path}: written");
    }
}
