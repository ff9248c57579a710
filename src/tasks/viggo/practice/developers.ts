/** Invented studios. They share words with each other, and some have a comma, an accent, a digit or an ampersand. */
export const DEVELOPERS: readonly string[] = [
  ...['Brass Otter', 'Brass Anvil', 'Brass Falcon', 'Brass Pony', 'Quiet Otter', 'Quiet Anvil', 'Quiet Yeti', 'Quiet Teapot'],
  ...['Sleepy Falcon', 'Sleepy Fox', 'Sleepy Yeti', 'Sleepy Badger', 'Marble Fox', 'Marble Anvil', 'Marble Pony', 'Marble Badger'],
  ...['Giant Teapot', 'Giant Otter', 'Giant Fox', 'Giant Badger', 'Static Pony', 'Static Falcon', 'Static Teapot', 'Static Yeti'],
  ...[
    'Brass Otter, Inc.',
    'Blue Ladder, Ltd.',
    'Bent Arrow, LLC',
    'Atelier Brumée',
    'Nørdlys Games',
    'Studio Zwölf',
    'Casa del Zorro',
  ],
  ...[
    '4th Harbor',
    'Sixty Owls',
    'Moss & Meteor',
    'Crow & Candle',
    'Loud Library',
    'Bold Biscuit',
    'Umbra Toys',
    'Snowplow',
    'Ogre Post',
  ],
];
