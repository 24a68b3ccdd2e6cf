// Package twin runs stand-ins of the three neighbours of Mandat: FranceConnect (which identifies citizens for us and uses
// us as identity provider), ProConnect (which identifies professionals) and a small public service behind FranceConnect.
//
// They are one Node program (folder node), on the very library versions that FranceConnect pins: oidc-provider 7.14.3 as
// provider, openid-client 5.7.0 as relying party. A stand-in written with our own code would share our mistakes; these do not.
// README.md says what is faithful and what is ours.
//
// Install unpacks the program and fetches its packages once; Start runs it; a Twin registers clients, people and faults while
// it runs. Tests take the one of their process from package twintest. The program listens on 127.0.0.2, 127.0.0.3 and
// 127.0.0.4, which for a browser are other sites than Mandat's localhost; it ends with the process that started it.
package twin
