namespace EgressAlerts.Testing;

/// <summary>Helm and kubectl as <c>tests/helm</c> has them. The tests have no cluster: both only render.</summary>
public static class ClusterTools
{
    /// <summary>The first test that asks downloads them.</summary>
    private static readonly Lazy<Task<string>> Folder = new(async () =>
        (await Tool.OutputAsync(Repository.File("tests", "helm"), [], limit: TimeSpan.FromMinutes(5))).Split('\n')[0]);

    /// <summary>Runs Helm, which must end with one exit code.</summary>
    /// <exception cref="ToolException">It ended with another code, or it cannot be had.</exception>
    public static async Task<string> HelmAsync(IEnumerable<string> arguments, int exitCode = 0) =>
        await Tool.OutputAsync(Path.Combine(await Folder.Value, "helm"), arguments, exitCode);

    /// <summary>Has kubectl render a folder with a kustomization.</summary>
    /// <returns>The resources as YAML, and warnings if there are any.</returns>
    /// <exception cref="ToolException">It refused the folder, or it cannot be had.</exception>
    public static async Task<string> KustomizeAsync(string folder) =>
        await Tool.OutputAsync(Path.Combine(await Folder.Value, "kubectl"), ["kustomize", folder]);
}
