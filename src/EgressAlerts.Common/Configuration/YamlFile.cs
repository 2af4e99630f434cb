using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace EgressAlerts.Common;

/// <summary>Reads the single document of a YAML file.</summary>
public static class YamlFile
{
    /// <summary>The root of the document; null where the file holds nothing.</summary>
    /// <exception cref="ConfigException">The file cannot be read or is not YAML.</exception>
    public static YamlNode? Read(string file)
    {
        try
        {
            using var text = File.OpenText(file);
            var yaml = new YamlStream();
            yaml.Load(text);
            return yaml.Documents.Count == 0 ? null : yaml.Documents[0].RootNode is YamlScalarNode { Value: null or "" } ? null : yaml.Documents[0].RootNode;
        }
        catch (YamlException e)
        {
            throw new ConfigException([new(file, e.Start.Line, $"this is not YAML: {e.InnerException?.Message ?? e.Message}")]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException([new(file, 0, $"the file cannot be read: {e.Message}")]);
        }
    }
}
