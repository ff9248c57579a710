const first = [
  ...['Copper', 'Velvet', 'Paper', 'Iron', 'Glass', 'Salt', 'Night', 'Amber', 'Ember', 'Rust'],
  ...['Tin', 'Moss', 'Crooked', 'Cobalt', 'Gravel', 'Lemon', 'Basalt', 'Feral', 'Saffron', 'Thistle'],
];
const second = [
  ...['Harbor', 'Moth', 'Ferry', 'Ballet', 'Kings', 'Orchard', 'Engine', 'Bandits', 'Signal', 'Bakery'],
  ...['Trench', 'Duel', 'Opera', 'Station', 'Saints', 'Raiders', 'Compass', 'Regatta', 'Rally', 'Parliament'],
];

/** Each first word with seven of the second, and no two with the same seven: a name is only known when all of it was read. */
const paired = first.flatMap((word, row) =>
  Array.from({ length: 7 }, (_, place) => `${word} ${second[(row + 3 * place) % second.length]}`),
);

/** What a careless parser trips over: commas, colons, apostrophes, digits, accents, words of other attributes, one title within another. */
const singular = [
  ...['Run, Teapot, Run', 'Left, Right, Goat', 'Bread, Salt and Steel', 'Farewell, Captain Moth', 'Dig, Doris, Dig', 'Hush, Giant'],
  ...[
    "Falconer's Debt",
    "Wren's Gambit",
    "Nobody's Glacier",
    "Baker's Uprising",
    "The Tinker's Moon",
    "Hangman's Orchard",
    "Ox'n'Cart",
  ],
  ...[
    'Hexwood',
    'Hexwood 2: Roots',
    'Night Ferry 7',
    'Pilot Light 2049',
    'Swampfire 64',
    'Orbit 99',
    'Gravel Saints IV',
    'Marrow & Moss',
  ],
  ...[
    'Iron Ferry: Dawn',
    'Salt Opera: Requiem',
    'Glass Kings: The Pier',
    'Ember Rally: Second Helping',
    'The Hat, the Cat (and Me)',
  ],
  ...[
    'Puzzle Ranch',
    'Racing Snails',
    'Arcade of Sorrows',
    'The Strategy of Foxes',
    'Pinball Monastery',
    'Music for Glaciers',
    'Sports Day Riot',
  ],
  ...[
    'Adventure Wanted',
    'Action Figure Asylum',
    'First Person to Leave',
    'Poor Old Kraken',
    'A Good Day to Drill',
    'Steam and Sandstone',
  ],
  ...['Café Nébuleuse', 'Señor Catapult', 'Übergarten', 'Fjørd', 'Piñata Brigade', 'Æther Janitors', 'Zażółć', 'Mañana Express'],
  ...[
    'K.R.A.B.',
    'D-Day for Ducks',
    '12 Angry Penguins',
    'Level -1',
    '404 Nights',
    'U-Boat Bistro',
    'R.O.B.O.T. Ranch',
    '3 Wet Wizards',
  ],
  ...[
    'Lanternfall',
    'Otter Diplomacy',
    'Static Meadow',
    'Hinterland Radio',
    'The Walnut Throne',
    'Onion Samurai',
    'Plum Tempest',
    'Starch',
  ],
  ...['The Fourth Beekeeper', 'Yesterday Motel', 'Pocket Monsoon', 'Ironbark', 'Dormouse', 'Fogbound', 'Ochre', 'Tundra Taxi'],
];

/** Invented titles. */
export const GAME_NAMES: readonly string[] = [...paired, ...singular];
