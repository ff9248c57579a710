import type { FunctionName } from '../meaning.js';

/**
 * The frames of all functions but inform. {name}, {specifier} and {asked} stand for their values; {game}, {a game} and {games} for a noun
 * phrase with all attributes that describe; {loved}, {love} and {great} for the rating in words.
 */
export const TEMPLATES: Record<Exclude<FunctionName, 'inform'>, readonly string[]> = {
  give_opinion: [
    'I {loved} {name}. It is {a game}.',
    'I {loved} {name}, {a game}.',
    'I think {name} is {great} for {a game}.',
    'As {games} go, I find {name} {great}.',
    'To me {name} is {great}, as I know {games}.',
  ],
  verify_attribute: [
    'You said you {loved} {name}. Do you {love} all {games}?',
    'I know you {loved} {name}. Do you often play {games}?',
    'So you {loved} {name}. Are {games} always like that?',
    'You found {name} {great}. Is it the same with other {games}?',
    'You called {name} {great}. What about {games} in general?',
  ],
  confirm: [
    'Do you mean {name}, the {game}?',
    'Are you talking about the {game} called {name}?',
    'You mean the {game}, {name}, right?',
    'Oh, {name}, the {game}?',
    'Wait, is {name} the {game}?',
  ],
  suggest: [
    'Do you like {games}, such as {name}?',
    'Do you ever play {games} like {name}?',
    'Are you into {games}, for example {name}?',
    'I wonder, are {games} such as {name} your thing?',
    'How about {games}, say {name}?',
  ],
  recommend: [
    'Have you tried {name}? It is {a game}.',
    'Since you like {games}, you should try {name}.',
    'If you want {a game}, give {name} a go.',
    'Have you heard of {name}, {a game}?',
    'Looking for {a game}? Try {name}.',
  ],
  request: [
    'What is the most {specifier} {game}?',
    'Can you name {a specifier} {game}?',
    'Which {games} do you find {specifier}?',
    'Is there {a game} that you call {specifier}?',
    'Have you played any {specifier} {games}?',
  ],
  request_explanation: [
    'What makes {games} so {great}?',
    'Why do you {love} {games}?',
    'Why are {games} {great} to you?',
    'How come you {love} {games}?',
    'What is so {great} about {games}?',
  ],
  request_attribute: [
    'Do you care about {asked}?',
    'Is {asked} important to you?',
    'Do you look at {asked} when you choose a game?',
    'Does {asked} matter to you?',
    'Do you think much about {asked}?',
  ],
};
