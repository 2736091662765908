using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Application.Messaging;

/// <summary>A module: a contract, and the handlers that answer it where the module is active.</summary>
public interface IModule
{
    /// <summary>What the module answers.</summary>
    static abstract RequestContract Contract { get; }

    /// <summary>Registers handlers, validators, loops and options. Called only where the module is active.</summary>
    static abstract void AddTo(IServiceCollection services);
}
