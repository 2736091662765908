using FaaS.Application.Messaging;
using MediatR;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.NetMq;

/// <summary>Puts ZeroMQ into a host.</summary>
public static class NetMqSetup
{
    /// <summary>Answers other processes what <see cref="ServedRequests"/> lists; <see cref="NetMqServer"/> says where.</summary>
    /// <param name="services">The container.</param>
    /// <param name="configuration">Where the settings are.</param>
    /// <param name="bind">The address to listen on; <c>*</c> for all.</param>
    /// <param name="port">The port; 0 for any that is free.</param>
    /// <exception cref="CompositionException">Others can reach the address, and there is no secret.</exception>
    public static IServiceCollection AddNetMqServer(
        this IServiceCollection services, IConfiguration configuration, string bind, int port)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var address = new NetMqAddress(bind, port);
        if (!address.IsLoopback && NetMqOptions.Read(configuration).Secret is null)
            throw new CompositionException(
                $"Other machines can reach {bind}, so {NetMqOptions.SecretVariable} must be set (at least 32 bytes).");
        services.AddNetMqOptions(configuration);
        services.AddSingleton(provider => new NetMqServer(
            provider.GetRequiredService<IOptions<NetMqOptions>>().Value, address,
            provider.GetRequiredService<ServedRequests>(), provider.GetRequiredService<IMediator>(),
            provider.GetRequiredService<ILogger<NetMqServer>>()));
        services.AddHostedService(provider => provider.GetRequiredService<NetMqServer>());
        return services;
    }

    /// <summary>Reaches a module in another process: its <see cref="IRequestTransport"/> is keyed by the module's word.</summary>
    /// <param name="services">The container.</param>
    /// <param name="configuration">Where the settings are.</param>
    /// <param name="module">The module's word.</param>
    /// <param name="self">What this process is.</param>
    /// <param name="endpoint"><c>tcp://host:port</c>.</param>
    /// <exception cref="CompositionException">The endpoint is not of that form, or there is no key to prove the role.</exception>
    public static IServiceCollection AddNetMqClient(
        this IServiceCollection services, IConfiguration configuration, string module, Roles self, string endpoint)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var address = NetMqAddress.Parse(endpoint);
        var settings = NetMqOptions.Read(configuration);
        if (!address.IsLoopback && settings.Secret is null && settings.RoleKey is null)
            throw new CompositionException(
                $"{endpoint} is on another machine, so {NetMqOptions.SecretVariable} or {NetMqOptions.RoleKeyVariable} must be set.");
        services.AddNetMqOptions(configuration);
        services.AddKeyedSingleton(module, (provider, _) =>
        {
            var transport = new NetMqTransport(
                provider.GetRequiredService<IOptions<NetMqOptions>>().Value, module, self, address,
                provider.GetRequiredService<ILogger<NetMqTransport>>());
            provider.GetService<IHostApplicationLifetime>()?.ApplicationStopping.Register(transport.AnnounceLeaving);
            return transport;
        });
        services.AddKeyedSingleton<IRequestTransport>(module, (provider, _) => Transport(provider, module));
        services.AddSingleton<IReadiness>(provider => Transport(provider, module));
        // Not AddHostedService: it registers a type once, and there may be several clients.
        services.AddSingleton<IHostedService>(provider => Transport(provider, module));
        return services;
    }

    private static NetMqTransport Transport(IServiceProvider provider, string module) =>
        provider.GetRequiredKeyedService<NetMqTransport>(module);

    private static void AddNetMqOptions(this IServiceCollection services, IConfiguration configuration) =>
        services.AddOptions<NetMqOptions>().Configure(options => options.ReadFrom(configuration))
            .ValidateDataAnnotations().ValidateOnStart();
}
