using EgressAlerts;

return await CommandLine.RunAsync(args);
