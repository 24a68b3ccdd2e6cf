package attestation

// controlWords are the words of which control words are made: 256 of them, so eight bits each. Plain words that everybody can say and
// write, that have no accents, none the beginning of another. The list never changes in size; a word may give way to a better one, since
// what was printed is kept as it was.
const controlWords = `abeille abricot acier agneau aigle album algue amande ananas ancre anneau arbre ardoise argile armoire arrosoir atelier
aurore avion bague balai balcon ballon bambou banane barque basilic bateau bijou bille biscuit bocal bonnet bouchon
bougie boule bouquet branche brioche brique brosse brouette buffet buisson bureau cabane cabine cacao cactus cadre
caillou camion canal canard carafe carnet carotte casque castor cerise chaise chalet chameau chapeau chardon chariot
chemise cheval cigale cigogne citron clairon clavier cloche colline colombe compas coquille corail corbeille coton
courge coussin crayon crocus cuisine cuivre cygne dauphin dentelle dessin diamant domino drapeau dune escalier falaise
fanfare farine fauteuil ferme feuille ficelle filet flamme fleuve flocon fontaine fourmi fraise framboise fromage galet
gare gazelle gilet girafe girouette globe gomme grange grelot grenier guitare hamac hameau haricot harpe herbe hibou
hirondelle horloge igloo image iris ivoire jardin jasmin jonquille jouet journal kayak kiosque kiwi lacet lagune laine
laitue lampe lavande libellule lierre lucarne lune lutin maison mandarine manteau marbre marmite melon menthe miel
mimosa miroir montagne moulin mouton muguet musique nappe neige nuage oiseau olive opale orange orgue ourson palmier
panier papier papillon parasol parfum passerelle patin pendule perle persil piano pinceau pirogue pivoine plume poire
poivre pomme poney potager poterie prairie prune quartz quille radeau radis raisin rameau renard ressort robinet romarin
rosier ruban ruche sable sabot salade sandale sapin saule savon sentier sifflet sirop soleil sorbet souris sucre tambour
tapis tarte tasse tigre tilleul timbre tiroir tomate tonneau torche tortue toupie tournesol tricot tuile tulipe vache
valise vallon vanille violon voile volet wagon zeste`
