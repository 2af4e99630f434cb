using EgressAlerts.Common;
using EgressAlerts.Configuration;

namespace EgressAlerts.Web;

/// <summary>The page about the configuration.</summary>
internal sealed class ConfigPages(PageSources sources)
{
    public void Map(PageRoutes routes) => routes.MapPage<ConfigPage, ConfigModel>("/config", _ => Read());

    private PageResult<ConfigModel> Read()
    {
        var loads = sources.Worker.Configuration.Loads;
        return PageResult.Of("Configuration", new ConfigModel(
            sources.Options.ConfigName,
            loads.FirstOrDefault(load => load.Error.Length == 0)?.At,
            loads is [{ Error: var error }, ..] ? error : "",
            EffectiveOptions.List(sources.Pass.Settings, new Settings())));
    }
}
